import { isUtf8 } from 'node:buffer';
import { Damage } from './damage.js';

/** The number of a type in a gob stream. Go numbers what is no built-in type from 64 on, as a process meets it. */
export type TypeId = number;

export const FIRST_TYPE: TypeId = 64;
export const BUILT_IN: Readonly<Record<'bool' | 'int' | 'bytes' | 'string', TypeId>> = {
  bool: 1,
  int: 2,
  bytes: 5,
  string: 6,
};

/** What a stream says about a type before it has a value of it. */
export type TypeDefinition =
  | {
      readonly kind: 'struct';
      readonly id: TypeId;
      readonly name: string;
      readonly fields: readonly { readonly name: string; readonly type: TypeId }[];
    }
  | { readonly kind: 'map'; readonly id: TypeId; readonly name: string; readonly key: TypeId; readonly element: TypeId }
  | { readonly kind: 'slice'; readonly id: TypeId; readonly name: string; readonly element: TypeId };

/** The fields of gob's own `wireType` that there is a use for, counted from 1. */
const SLICE = 2;
const STRUCT = 3;
const MAP = 4;

/**
 * Reads what Go's encoding/gob writes, and nothing else that its decoder would take: an integer in more bytes than it
 * needs, a field that is there though it is zero, a bool that is 2. So each value has one form, and a flipped bit is
 * either an error or another value.
 *
 * Each method throws {@link Damage}.
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

  /** How many bytes are left. */
  get left(): number {
    return this.#bytes.length - this.#position;
  }

  /** Below 128 in a byte of its own; else the number of bytes, negated, and then they, the highest first. */
  uint(): number {
    const first = this.#take(1).readUInt8();
    if (first < 128) return first;
    const size = 256 - first;
    // The numbers here are lengths and small values: none of them needs more.
    if (size > 6) throw new Damage('has a number that is too large');
    const value = this.#take(size).readUIntBE(0, size);
    if (value < 128 || value < 256 ** (size - 1)) throw new Damage('has a number in more bytes than it takes');
    return value;
  }

  /** The sign is the lowest bit, and turns the others round. */
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

  /** The number of elements that follow, each of which takes a byte or more. */
  count(): number {
    const count = this.uint();
    if (count > this.left) throw new Damage(`has room for fewer than ${count} elements`);
    return count;
  }

  /** A message has its length before it, and a part of the stream of its own. */
  message(): GobReader {
    return new GobReader(this.bytes());
  }

  /**
   * The numbers, counted from 1, of a struct's fields that are there: those that are zero are left out. Each is to be
   * read before the next one is asked for.
   */
  *fields(): Generator<number, void, undefined> {
    let field = 0;
    for (let step = this.uint(); step !== 0; step = this.uint()) {
      field += step;
      yield field;
    }
  }

  /** @throws {Damage} if something is left */
  end(): void {
    if (this.left > 0) throw new Damage('has bytes after its end');
  }

  #take(size: number): Buffer {
    if (size > this.left) throw new Damage('is cut off');
    this.#position += size;
    return this.#bytes.subarray(this.#position - size, this.#position);
  }
}

/** Reads the definition that is in a message of its own, after the type's number as a negative one. */
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

/** What is common to all definitions: the name, if it has one, and the number, once more. */
function readName(reader: GobReader, id: TypeId): string {
  let name = '';
  let again = 0;
  for (const field of reader.fields()) {
    if (field === 1) name = reader.string();
    else if (field === 2) again = reader.int();
    else throw unknownField();
  }
  if (again !== id) throw new Damage('gives a type two numbers');
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
  return new Damage('defines a type with a field that none has');
}
