import { isUtf8 } from 'node:buffer';
import { Damage } from './damage.js';

/** The number of a type in a gob stream. A Go process numbers types that are not built in from 64 on, as it meets them. */
export type TypeId = number;

export const FIRST_TYPE: TypeId = 64;
export const BUILT_IN: Readonly<Record<'bool' | 'int' | 'bytes' | 'string', TypeId>> = {
  bool: 1,
  int: 2,
  bytes: 5,
  string: 6,
};

/** The definition of a type. In a stream it comes before the first value of the type. */
export type TypeDefinition =
  | {
      readonly kind: 'struct';
      readonly id: TypeId;
      readonly name: string;
      readonly fields: readonly { readonly name: string; readonly type: TypeId }[];
    }
  | { readonly kind: 'map'; readonly id: TypeId; readonly name: string; readonly key: TypeId; readonly element: TypeId }
  | { readonly kind: 'slice'; readonly id: TypeId; readonly name: string; readonly element: TypeId };

/** The fields of gob's `wireType` that are used here, counted from 1. */
const SLICE = 2;
const STRUCT = 3;
const MAP = 4;

/**
 * Reads what Go's encoding/gob writes. Go's decoder also takes forms that its encoder never writes, such as an integer in
 * more bytes than it needs; this reader refuses them. Each value has one form, so a flipped bit is either an error or
 * another value.
 *
 * Each method throws {@link Damage} with a message such as `is cut off`: the caller names the record.
 */
export class GobReader {
  readonly #bytes: Buffer;
  #position = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get position(): number {
    return this.#position;
  }

  get left(): number {
    return this.#bytes.length - this.#position;
  }

  /** A number below 128 is one byte. A larger one is the negated number of its bytes, and the bytes in big-endian order. */
  uint(): number {
    const first = this.#take(1).readUInt8();
    if (first < 128) return first;
    const size = 256 - first;
    // All numbers in a record are lengths and small values.
    if (size > 6) throw new Damage('has a number that is too large');
    const value = this.#take(size).readUIntBE(0, size);
    if (value < 128 || value < 256 ** (size - 1)) throw new Damage('has a number in more bytes than it needs');
    return value;
  }

  /** The lowest bit is the sign: for a negative number the other bits are inverted. */
  int(): number {
    const value = this.uint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  bytes(): Buffer {
    return this.#take(this.uint());
  }

  string(): string {
    const bytes = this.bytes();
    if (!isUtf8(bytes)) throw new Damage('has a text that is not UTF-8');
    return bytes.toString();
  }

  /** The number of elements that follow. Each takes at least a byte. */
  count(): number {
    const count = this.uint();
    if (count > this.left) throw new Damage(`has no room for ${count} elements`);
    return count;
  }

  /** Reads a message, which is a part of the stream with its length before it. */
  message(): GobReader {
    return new GobReader(this.bytes());
  }

  /**
   * The numbers of a struct's fields, counted from 1. Go leaves out a field that is zero. The caller reads each field before
   * it takes the next number.
   */
  *fields(): Generator<number, void, undefined> {
    let field = 0;
    for (let step = this.uint(); step !== 0; step = this.uint()) {
      field += step;
      yield field;
    }
  }

  /** @throws {Damage} there is more */
  end(): void {
    if (this.left > 0) throw new Damage('has bytes after its end');
  }

  #take(size: number): Buffer {
    if (size > this.left) throw new Damage('is cut off');
    this.#position += size;
    return this.#bytes.subarray(this.#position - size, this.#position);
  }
}

/** Reads a definition. In its message it comes after the negated number of the type. */
export function readDefinition(reader: GobReader, id: TypeId): TypeDefinition {
  let definition: TypeDefinition | undefined;
  for (const kind of reader.fields()) {
    if (definition !== undefined) throw new Damage('defines a type twice');
    definition = definitionOf(reader, kind, id);
  }
  reader.end();
  if (definition === undefined) throw new Damage('defines a type as nothing');
  return definition;
}

function definitionOf(reader: GobReader, kind: number, id: TypeId): TypeDefinition {
  if (kind === STRUCT) {
    let name = '';
    let fields: { name: string; type: TypeId }[] = [];
    for (const field of reader.fields()) {
      if (field === 1) name = readName(reader, id);
      else if (field === 2) fields = Array.from({ length: reader.count() }, () => readField(reader));
      else throw unknownField();
    }
    return { kind: 'struct', id, name, fields };
  }
  if (kind !== SLICE && kind !== MAP) throw new Damage('defines a type of another kind');
  let name = '';
  const of: TypeId[] = [];
  for (const field of reader.fields()) {
    if (field === 1) name = readName(reader, id);
    else of[field - 2] = reader.int();
  }
  const [first = 0, second = 0] = of;
  if (of.length !== (kind === MAP ? 2 : 1)) throw unknownField();
  return kind === MAP
    ? { kind: 'map', id, name, key: first, element: second }
    : { kind: 'slice', id, name, element: first };
}

/** Every definition begins with the name of the type, if it has one, and with the number once more. */
function readName(reader: GobReader, id: TypeId): string {
  let name = '';
  let again = 0;
  for (const field of reader.fields()) {
    if (field === 1) name = reader.string();
    else if (field === 2) again = reader.int();
    else throw unknownField();
  }
  if (again !== id) throw new Damage('defines a type with two numbers');
  return name;
}

function readField(reader: GobReader): { name: string; type: TypeId } {
  let name = '';
  let type = 0;
  for (const field of reader.fields()) {
    if (field === 1) name = reader.string();
    else if (field === 2) type = reader.int();
    else throw unknownField();
  }
  return { name, type };
}

function unknownField(): Damage {
  return new Damage('defines a type with an unknown field');
}
