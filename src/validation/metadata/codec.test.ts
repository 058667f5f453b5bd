import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  descriptorOf,
  enumOfField,
  type FieldDescriptor,
  type Fields,
  isWritten,
  type MessageDescriptor,
  messageNames,
  messageOfField,
} from './descriptors.ts';
import {
  cloneMessage,
  compareBytes,
  crc32c,
  decodeBinary,
  decodeRecords,
  decodeText,
  encodeBinary,
  encodeRecords,
  encodeText,
  formatText,
  type MessageName,
  parseText,
  readMessage,
  type Schema,
  UNKNOWN_FIELDS,
} from './index.ts';

const text = fc.oneof(
  fc.string({ maxLength: 5 }),
  fc.uint8Array({ maxLength: 5 }).map((bytes) => decodeText(bytes)),
);

function scalar(field: FieldDescriptor): fc.Arbitrary<unknown> {
  if (field.kind === 'enum') return fc.constantFrom(...enumOfField(field).numbers.keys());
  const integer = fc.integer({ min: field.type.startsWith('u') ? 0 : -(2 ** 31), max: 2 ** 31 - 1 });
  const low = field.type === 'int64' ? -(2n ** 63n) : 0n;
  const wide = fc.bigInt({ min: low, max: low + 2n ** 64n - 1n });
  const narrow = (exact: bigint): unknown => (Number.isSafeInteger(Number(exact)) ? Number(exact) : exact);
  const arbitraries: Record<string, fc.Arbitrary<unknown>> = {
    string: text,
    bytes: fc.uint8Array({ maxLength: 5 }),
    bool: fc.boolean(),
    float: fc.float(),
    double: fc.double(),
  };
  return arbitraries[field.type] ?? (field.wide ? fc.oneof(integer, wide.map(narrow)) : integer);
}

/** Messages of a descriptor as the decoders would give them: nothing that would not be written. */
function message(descriptor: MessageDescriptor, depth: number): fc.Arbitrary<Fields> {
  const one = (field: FieldDescriptor): fc.Arbitrary<unknown> =>
    field.kind === 'message' || field.kind === 'map' ? message(messageOfField(field), depth - 1) : scalar(field);
  const fields = descriptor.fields.filter(({ kind }) => depth > 0 || kind === 'scalar' || kind === 'enum');
  const record = Object.fromEntries(
    fields.map((field) => {
      if (field.kind === 'map') {
        const entries = fc.uniqueArray(fc.tuple(text, one(field)), { maxLength: 2, selector: ([key]) => key });
        return [field.property, entries.map((pairs) => new Map(pairs))];
      }
      return [field.property, field.repeated ? fc.array(one(field), { maxLength: 2 }) : one(field)];
    }),
  );
  return fc.record(record, { requiredKeys: [] }).map((given) => {
    const made: Fields = {};
    const taken = new Set<string>();
    for (const field of fields) {
      const content = given[field.property];
      if (content === undefined || !isWritten(field, content) || (field.oneof && taken.has(field.oneof))) continue;
      if (field.oneof) taken.add(field.oneof);
      made[field.property] = content;
    }
    return made;
  });
}

const anyMessage = fc
  .constantFrom(...messageNames())
  .chain((name) => message(descriptorOf(name), 2).map((made) => [name, made as never] as [MessageName, never]));

function failsOnlyAsInvalid(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    expect(error).toMatchObject({ code: 'METADATA_INVALID' });
  }
}

describe('codecs', () => {
  it('give any message back, from bytes and from text', () => {
    fc.assert(
      fc.property(anyMessage, ([name, made]) => {
        const bytes = encodeBinary(name, made);
        expect(decodeBinary(name, bytes)).toEqual(made);
        expect(encodeBinary(name, decodeBinary(name, bytes))).toEqual(bytes);
        const printed = formatText(name, made);
        expect(parseText(name, printed)).toEqual(made);
        expect(parseText(name, formatText(name, made, { numbers: 'c', utf8: true }))).toEqual(made);
        expect(cloneMessage(made)).toEqual(made);
      }),
      { numRuns: 150 },
    );
  });

  it('refuse broken bytes and texts by name, whatever they are', () => {
    fc.assert(
      fc.property(anyMessage, fc.nat(), fc.uint8Array({ maxLength: 3 }), ([name, made], place, noise) => {
        const bytes = encodeBinary(name, made);
        const at = place % (bytes.length + 1);
        failsOnlyAsInvalid(() => decodeBinary(name, bytes.subarray(0, at)));
        failsOnlyAsInvalid(() => decodeBinary(name, Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at)])));
        const printed = formatText(name, made);
        const cut = place % (printed.length + 1);
        failsOnlyAsInvalid(() => parseText(name, printed.slice(0, cut)));
        failsOnlyAsInvalid(() => parseText(name, printed.slice(0, cut) + decodeText(noise) + printed.slice(cut)));
      }),
      { numRuns: 150 },
    );
  });

  it('write fields in order of their numbers, and maps in byte order', () => {
    const anomalies = {
      anomalyInfo: new Map([['b', {}], ['a', { severity: 'ERROR' as const }]]), // biome-ignore format: a table
      dataMissing: false,
    };
    expect(formatText('Anomalies', anomalies)).toBe(
      'anomaly_info {\n  key: "a"\n  value {\n    severity: ERROR\n  }\n}\n' +
        'anomaly_info {\n  key: "b"\n  value {\n  }\n}\ndata_missing: false\n',
    );
    expect([...encodeBinary('Anomalies', anomalies)]).toEqual([18, 7, 10, 1, 97, 18, 2, 40, 2, 18, 5, 10, 1, 98, 18, 0, 24, 0]); // biome-ignore format: bytes
  });

  it('keep the presence of proto2 and the defaults of proto3', () => {
    expect(parseText('IntDomain', 'min: 0')).toEqual({ min: 0 });
    expect(formatText('IntDomain', { min: 0 })).toBe('min: 0\n');
    expect(parseText('Histogram', 'num_nan: 0 type: STANDARD name: ""')).toEqual({});
    expect(formatText('CustomStatistic', { num: 0 })).toBe('num: 0.0\n');
  });

  it('keep 64-bit bounds exactly and refuse counts beyond 2^53', () => {
    const domain = { min: -(2n ** 63n), max: 2 ** 53 - 1 };
    expect(formatText('IntDomain', domain)).toBe('min: -9223372036854775808\nmax: 9007199254740991\n');
    expect(decodeBinary('IntDomain', encodeBinary('IntDomain', domain))).toEqual(domain);
    expect(() => parseText('IntDomain', 'min: 9223372036854775808')).toThrow(/is no int64/);
    expect(() => parseText('CommonStatistics', 'num_missing: 9007199254740993')).toThrow(/beyond 2\^53/);
    expect(() => encodeBinary('ValueCount', { min: 1.5 })).toThrow(/1\.5 is no int64/);
  });

  it('print numbers as Python does', () => {
    const print = (min: number): string => formatText('NumericStatistics', { min }).slice(5, -1);
    expect([1e15, 1e16, 1e-4, 1e-5, 0.1, -2.5, 1 / 3].map(print)).toEqual([
      '1000000000000000.0',
      '1e+16',
      '0.0001',
      '1e-05',
      '0.1',
      '-2.5',
      '0.3333333333333333',
    ]);
    expect([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map(print)).toEqual(['nan', 'inf', '-inf']);
    expect(formatText('FloatDomain', { min: Math.fround(0.1), max: 16777216 })).toBe('min: 0.1\nmax: 16777216.0\n');
  });

  it('read every form of text that the format allows', () => {
    const read = parseText(
      'Schema',
      `# a comment
      feature: < name: 'it\\'s' "\\x20\\303\\251" type: 2; int_domain { min: -0x10, max: 017 } >,
      feature [ { name: "b" }, { float_domain { min: -inf max: 1.5f } } ]
      default_environment: [ "X", 'Y' ] default_environment: "Z"
      tensor_representation_group { key: "g" value { } }`,
    );
    expect(read).toEqual({
      feature: [
        { name: "it's é", type: 'INT', intDomain: { min: -16, max: 15 } },
        { name: 'b' },
        { floatDomain: { min: Number.NEGATIVE_INFINITY, max: 1.5 } },
      ],
      defaultEnvironment: ['X', 'Y', 'Z'],
      tensorRepresentationGroup: new Map([['g', {}]]),
    });
  });

  it('say where a text is wrong', () => {
    const message = (type: MessageName, given: string): string => {
      try {
        parseText(type, given);
      } catch (error) {
        return (error as Error).message.replace(/^.*?: /, '');
      }
      return 'read';
    };
    expect(message('Schema', 'feature {\n  nam: "x"\n}')).toBe('line 2: Feature has no field nam');
    expect(message('Feature', 'name: "a"\nname: "b"')).toBe('line 2: name is set twice');
    expect(message('Feature', 'bool_domain {} int_domain {}')).toBe('line 1: int_domain excludes bool_domain');
    expect(message('Feature', 'type: TEXT')).toBe('line 1: type: no FeatureType is called TEXT');
    expect(message('Schema', 'feature {')).toBe('line 1: expected a field of Feature, found the end of the text');
    expect(message('Schema', `${'feature { struct_domain { '.repeat(60)}`)).toBe('line 1: nested too deeply');
  });

  it('open an Any of a known type, and keep one of an unknown type as it is', () => {
    const opened = 'any {\n  [type.googleapis.com/tensorflow.metadata.v0.Path] {\n    step: "a"\n  }\n}\n';
    const statistic = parseText('CustomStatistic', opened);
    expect(statistic.any!.typeUrl).toBe('type.googleapis.com/tensorflow.metadata.v0.Path');
    expect(decodeBinary('Path', statistic.any!.value!)).toEqual({ step: ['a'] });
    expect(formatText('CustomStatistic', statistic)).toBe(opened);
    const other = 'any {\n  type_url: "example.com/Other"\n  value: "\\001"\n}\n';
    expect(formatText('CustomStatistic', parseText('CustomStatistic', other))).toBe(other);
  });

  it('keep fields and enum numbers that no table knows', () => {
    const bytes = Uint8Array.of(10, 1, 97, 0xfa, 7, 2, 1, 2, 48, 99);
    const feature = decodeBinary('Feature', bytes);
    expect(feature.name).toBe('a');
    expect(feature.type).toBeUndefined();
    expect((feature as Fields)[UNKNOWN_FIELDS]).toEqual(bytes.subarray(3));
    expect(encodeBinary('Feature', cloneMessage(feature))).toEqual(bytes);
  });

  it('merge a message that comes twice, and let the last of a oneof stand', () => {
    const twice = [...encodeBinary('Feature', { presence: { minCount: 1 } }), ...encodeBinary('Feature', { presence: { minFraction: 1 } })]; // biome-ignore format: one thought
    expect(decodeBinary('Feature', Uint8Array.from(twice))).toEqual({ presence: { minCount: 1, minFraction: 1 } });
    const domains = [...encodeBinary('Feature', { boolDomain: {} }), ...encodeBinary('Feature', { intDomain: {} })];
    expect(decodeBinary('Feature', Uint8Array.from(domains))).toEqual({ intDomain: {} });
  });

  it('pack the numbers of proto3, and read them unpacked too', () => {
    expect([...encodeBinary('Int64List', { value: [1, 300] })]).toEqual([10, 3, 1, 172, 2]);
    expect(decodeBinary('Int64List', Uint8Array.of(8, 1, 8, 172, 2))).toEqual({ value: [1, 300] });
    expect([...encodeBinary('SequenceLengthConstraints', { excludedIntValue: [1, 2] })]).toEqual([8, 1, 8, 2]);
  });
});

describe('text and bytes', () => {
  it('survive each other, UTF-8 or not', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(encodeText(decodeText(bytes))).toEqual(bytes);
      }),
    );
  });

  it('are ordered by their bytes', () => {
    const points = [0, 0x41, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xfffd, 0xffff, 0x10000, 0x10ffff];
    const texts = fc.array(fc.constantFrom(...points), { maxLength: 3 }).map((codes) => String.fromCodePoint(...codes));
    fc.assert(
      fc.property(texts, texts, (a, b) => {
        expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(encodeText(a), encodeText(b)));
      }),
    );
  });
});

describe('TFRecord', () => {
  it('has the checksum of Castagnoli', () => {
    expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
  });

  it('gives records back and refuses a flipped bit or a missing end', () => {
    const records = [Uint8Array.of(1, 2, 3), new Uint8Array(0), new Uint8Array(300).fill(7)];
    const file = encodeRecords(records);
    expect(decodeRecords(file)).toEqual(records);
    expect(decodeRecords(new Uint8Array(0))).toEqual([]);
    for (let at = 0; at < 20; at++) {
      const broken = file.slice();
      broken[at] ^= 1;
      expect(() => decodeRecords(broken), String(at)).toThrow(expect.objectContaining({ code: 'METADATA_INVALID' }));
    }
    expect(() => decodeRecords(file.subarray(0, -1))).toThrow(/is cut short/);
  });
});

describe('files', () => {
  it('are read in any of their forms', () => {
    fc.assert(
      fc.property(message(descriptorOf('Schema'), 2), (fields) => {
        const made = fields as Schema;
        const bytes = encodeBinary('Schema', made);
        expect(readMessage('Schema', encodeText(formatText('Schema', made)))).toEqual(made);
        expect(readMessage('Schema', encodeRecords([bytes]))).toEqual(made);
      }),
      { numRuns: 50 },
    );
    const schema = { feature: [{ name: 'fare', type: 'FLOAT' as const }] };
    expect(readMessage('Schema', encodeBinary('Schema', schema))).toEqual(schema);
    const printable = { feature: [{ name: 'nine char' }] };
    expect(readMessage('Schema', encodeBinary('Schema', printable))).toEqual(printable);
    expect(() => readMessage('Schema', encodeText('feature {'))).toThrow(/line 1: expected a field/);
    expect(readMessage('Schema', new Uint8Array(0))).toEqual({});
    const two = encodeRecords([new Uint8Array(0), new Uint8Array(0)]);
    expect(() => readMessage('Schema', two)).toThrow(/2 records instead of one/);
  });
});

/** `fixtures/*` are what TensorFlow Data Validation 1.16.1 writes, by `fixtures/tfdv.py` of `statistics/fixtures/semantic.csv`. */
describe('files of TensorFlow Data Validation', () => {
  it.each([
    ['statistics', 'DatasetFeatureStatisticsList'],
    ['schema', 'Schema'],
    ['anomalies', 'Anomalies'],
  ] as const)('come back byte for byte, binary and text, each from the other: %s', (file, name) => {
    const path = join(import.meta.dirname, 'fixtures', file);
    const [binary, text] = [readFileSync(`${path}.pb`), readFileSync(`${path}.pbtxt`, 'utf8')];
    const message = decodeBinary(name, binary);
    expect(binary.equals(encodeBinary(name, message))).toBe(true);
    expect(formatText(name, message)).toBe(text);
    expect(binary.equals(encodeBinary(name, parseText(name, text)))).toBe(true);
  });
});
