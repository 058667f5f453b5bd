/** Tables of FlatBuffers, read in place (https://flatbuffers.dev/internals). Every read beyond the bytes is a RangeError. */

export class Table {
  private readonly view: DataView;
  private readonly at: number;
  private readonly vtable: number;

  private constructor(view: DataView, at: number) {
    this.view = view;
    this.at = at;
    this.vtable = at - view.getInt32(at, true);
  }

  static root(bytes: Uint8Array): Table {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return new Table(view, view.getUint32(0, true));
  }

  int8(field: number, absent = 0): number {
    const at = this.position(field);
    return at === 0 ? absent : this.view.getInt8(at);
  }

  int16(field: number, absent = 0): number {
    const at = this.position(field);
    return at === 0 ? absent : this.view.getInt16(at, true);
  }

  int32(field: number, absent = 0): number {
    const at = this.position(field);
    return at === 0 ? absent : this.view.getInt32(at, true);
  }

  int64(field: number): number {
    const at = this.position(field);
    return at === 0 ? 0 : Number(this.view.getBigInt64(at, true));
  }

  string(field: number): string | undefined {
    const at = this.position(field);
    if (at === 0) return undefined;
    const start = at + this.view.getUint32(at, true);
    const length = this.view.getUint32(start, true);
    if (start + 4 + length > this.view.byteLength) throw new RangeError('a text beyond the end');
    return new TextDecoder().decode(new Uint8Array(this.view.buffer, this.view.byteOffset + start + 4, length));
  }

  table(field: number): Table | undefined {
    const at = this.position(field);
    return at === 0 ? undefined : new Table(this.view, at + this.view.getUint32(at, true));
  }

  tables(field: number): Table[] {
    const { start, length } = this.vector(field);
    return Array.from({ length }, (_, i) => {
      const at = start + 4 * i;
      return new Table(this.view, at + this.view.getUint32(at, true));
    });
  }

  /** Structs of two 64-bit integers. */
  pairs(field: number): [number, number][] {
    const { start, length } = this.vector(field);
    return Array.from({ length }, (_, i) => [
      Number(this.view.getBigInt64(start + 16 * i, true)),
      Number(this.view.getBigInt64(start + 16 * i + 8, true)),
    ]);
  }

  private vector(field: number): { start: number; length: number } {
    const at = this.position(field);
    if (at === 0) return { start: 0, length: 0 };
    const start = at + this.view.getUint32(at, true);
    const length = this.view.getUint32(start, true);
    if (length > this.view.byteLength) throw new RangeError('a vector beyond the end');
    return { start: start + 4, length };
  }

  /** Where the field stands; 0 if it is absent. */
  private position(field: number): number {
    const entry = 4 + 2 * field;
    if (entry >= this.view.getUint16(this.vtable, true)) return 0;
    const offset = this.view.getUint16(this.vtable + entry, true);
    return offset === 0 ? 0 : this.at + offset;
  }
}
