import { readFileSync } from 'node:fs';
import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { fixturesIn, readFixtures } from './fixtures-testing.ts';
import { decodeModel, encodeModel, tensorFromProto, tensorToProto } from './format.ts';
import { GraphBuilder, metadataOf, withMetadata } from './graph-builder.ts';
import { file_onnx, TensorProtoSchema } from './onnx_pb.ts';

const fixtures = fixturesIn(process.env.SHELFWISE_DATA_DIR);

/** sigmoid(X · W + B) as the onnx package for Python writes it: 165 bytes. */
const GOLDEN = Buffer.from(
  'CAcSB2ZpeHR1cmU6kQEKEgoBWAoBVxICbW0iBk1hdE11bAoPCgJtbQoBQhIBeiIDQWRkCg8KAXoSAXAiB1NpZ21vaWQSAWcqGwgECAEQAUIBV0oQAAAAPwAAoL8AAABAzczMPSoNCAEQAUIBQkoEmpmZPloUCgFYEg8KDQgBEgkKAxIBTgoCCARiFAoBcBIPCg0IARIJCgMSAU4KAggBQgQKABAN',
  'base64',
);

describe('the format', () => {
  it('reads what another writer wrote, and writes the same bytes again', () => {
    const model = decodeModel(GOLDEN);
    expect(model.irVersion).toBe(7n);
    expect(model.opsetImport.map(({ domain, version }) => [domain, version])).toEqual([['', 13n]]);
    expect(model.graph?.node.map(({ opType }) => opType)).toEqual(['MatMul', 'Add', 'Sigmoid']);
    expect(model.graph?.initializer.map(tensorFromProto).map(({ dims }) => dims)).toEqual([[4, 1], [1]]);
    expect(Buffer.from(encodeModel(model))).toEqual(GOLDEN);
  });

  it('reads data in the raw form and in the form by type alike', () => {
    const raw = tensorToProto('w', [2, 2], Float32Array.of(1, -2.5, Number.NaN, 4));
    const typed = create(TensorProtoSchema, {
      name: 'w',
      dims: [2n, 2n],
      dataType: 1,
      floatData: [1, -2.5, Number.NaN, 4],
    });
    expect(tensorFromProto(raw)).toEqual(tensorFromProto(typed));
    expect(tensorFromProto(tensorToProto('i', [3], BigInt64Array.of(-1n, 0n, 2n ** 53n - 1n))).data).toEqual(
      Float64Array.of(-1, 0, 2 ** 53 - 1),
    );
    const texts = create(TensorProtoSchema, {
      dims: [1n],
      dataType: 8,
      stringData: [new TextEncoder().encode('jazz')],
    });
    expect(tensorFromProto(texts)).toEqual({ type: 'string', dims: [1], data: ['jazz'] });
  });

  it.each([
    ['bytes that are no protobuf', Uint8Array.of(1, 2, 3, 255)],
    ['a cut file', GOLDEN.subarray(0, 100)],
    ['nothing', new Uint8Array(0)],
  ])('refuses %s', (_what, bytes) => {
    expect(() => decodeModel(bytes)).toThrow(expect.objectContaining({ code: 'ONNX_INVALID' }));
  });

  it('refuses a tensor whose shape and data disagree, whose data stand elsewhere, or whose integers are not exact', () => {
    const refused = (tensor: Parameters<typeof create<typeof TensorProtoSchema>>[1], code: string): void => {
      expect(() => tensorFromProto(create(TensorProtoSchema, tensor))).toThrow(expect.objectContaining({ code }));
    };
    refused({ dims: [3n], dataType: 1, floatData: [1, 2] }, 'ONNX_INVALID');
    refused({ dims: [-1n], dataType: 1, floatData: [1] }, 'ONNX_INVALID');
    refused({ dims: [1n], dataType: 1, dataLocation: 1 }, 'ONNX_INVALID');
    refused({ dims: [1n], dataType: 7, int64Data: [2n ** 60n] }, 'ONNX_INVALID');
    refused({ dims: [1n], dataType: 14, floatData: [1, 2] }, 'ONNX_OPERATOR');
  });

  it('is what onnx.proto says', () => {
    const text = readFileSync(new URL('./onnx.proto', import.meta.url), 'utf8');
    const declared = [...text.matchAll(/ ([a-z_0-9]+) = (\d+)/g)].map(([, name, number]) => `${name} ${number}`);
    const generated: string[] = [];
    const visit = (messages: typeof file_onnx.messages): void => {
      for (const { fields, nestedMessages } of messages) {
        generated.push(...fields.map(({ name, number }) => `${name} ${number}`));
        visit(nestedMessages);
      }
    };
    visit(file_onnx.messages);
    expect(generated.sort()).toEqual(declared.sort());
  });
});

describe('the graph builder', () => {
  const twice = (): Uint8Array => {
    const graph = new GraphBuilder('twice');
    const x = graph.input('dense', 'float', 2);
    graph.output(graph.node('Mul', [x, graph.scalar(2)], {}, 'score'), 2);
    return graph.toBytes({ b: '2', a: '1' });
  };

  it('gives equal bytes for equal calls, with its metadata in order', () => {
    expect(twice()).toEqual(twice());
    expect(metadataOf(twice())).toEqual({ a: '1', b: '2' });
    const more = withMetadata(twice(), { b: '3', c: '4' });
    expect(metadataOf(more)).toEqual({ a: '1', b: '3', c: '4' });
    expect(decodeModel(more).graph).toEqual(decodeModel(twice()).graph);
  });

  it('keeps the values of a graph inside another apart', () => {
    const graph = new GraphBuilder('four times');
    const x = graph.input('dense', 'float', 2);
    const once = graph.inline(twice(), { dense: x });
    graph.output(graph.inline(twice(), { dense: once }), 2);
    const names = decodeModel(graph.toBytes({})).graph?.node.flatMap(({ output }) => output) ?? [];
    expect(new Set(names).size).toBe(2);
    expect(() => graph.inline(twice(), {})).toThrow(expect.objectContaining({ code: 'MODEL_NOT_EXPORTABLE' }));
  });
});

describe('the files of other tools', () => {
  it.skipIf(!fixtures.present)(
    `are written as they were read${fixtures.present ? '' : ` (skipped: no ${fixtures.folder})`}`,
    () => {
      const files = readFixtures(fixtures.folder);
      expect(files).toHaveLength(12);
      for (const { file, bytes } of files) {
        expect(Buffer.compare(encodeModel(decodeModel(bytes)), bytes), file).toBe(0);
      }
    },
  );
});
