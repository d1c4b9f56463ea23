import { isDeepStrictEqual } from 'node:util';
import { Damage } from './damage.js';
import { BUILT_IN, FIRST_TYPE, GobReader, readDefinition, type TypeDefinition, type TypeId } from './gob.js';

/** A user as Kapacitor keeps it: `rawUser` in its services/auth/dao.go. */
export interface UserRecord {
  readonly name: string;
  readonly admin: boolean;
  /** A bcrypt hash, or empty for a user without a password. */
  readonly hash: string;
  /** Privileges by resource: 0 none, 1 read, 2 write, 3 delete, 4 all. */
  readonly privileges: ReadonlyMap<string, readonly number[]>;
}

/** The definitions before a user, in Go's order. Go numbers a map after its elements. */
function definitionsFrom(user: TypeId): readonly TypeDefinition[] {
  const list = user + 1;
  const map = user + 2;
  return [
    {
      kind: 'struct',
      id: user,
      name: 'rawUser',
      fields: [
        { name: 'Name', type: BUILT_IN.string },
        { name: 'Admin', type: BUILT_IN.bool },
        { name: 'Hash', type: BUILT_IN.bytes },
        { name: 'Privileges', type: map },
      ],
    },
    { kind: 'map', id: map, name: 'map[string][]auth.Privilege', key: BUILT_IN.string, element: list },
    { kind: 'slice', id: list, name: '', element: BUILT_IN.int },
  ];
}

/** Definitions that were checked. A file has as many different ones as Kapacitor had starts. */
interface KnownDefinitions {
  readonly bytes: Buffer;
  readonly user: TypeId;
}

/** Reads records. It remembers the last definitions, so that it checks equal ones once. */
export class UserRecordReader {
  #known: KnownDefinitions | undefined;

  /** @throws {Damage} with a message such as `has …`: the caller names the user */
  read(bytes: Buffer): UserRecord {
    if (this.#known === undefined || !bytes.subarray(0, this.#known.bytes.length).equals(this.#known.bytes)) {
      this.#known = readDefinitions(bytes);
    }
    const stream = new GobReader(bytes.subarray(this.#known.bytes.length));
    const message = stream.message();
    stream.end();
    if (message.int() !== this.#known.user) throw new Damage('has a value that is not a user');
    const user = readUser(message);
    message.end();
    return user;
  }
}

function readDefinitions(bytes: Buffer): KnownDefinitions {
  const stream = new GobReader(bytes);
  const found = Array.from({ length: 3 }, () => {
    const message = stream.message();
    return readDefinition(message, -message.int());
  });
  const user = found[0]?.id ?? 0;
  if (user < FIRST_TYPE || !isDeepStrictEqual(found, definitionsFrom(user))) {
    throw new Damage('does not have the type that Kapacitor gives its users');
  }
  return { bytes: Buffer.from(bytes.subarray(0, stream.position)), user };
}

function readUser(reader: GobReader): UserRecord {
  let name = '';
  let admin = false;
  let hash = '';
  let privileges: ReadonlyMap<string, readonly number[]> = new Map();
  for (const field of reader.fields()) {
    if (field === 1) name = notZero(reader.string());
    else if (field === 2) admin = readTrue(reader);
    else if (field === 3) hash = notZero(reader.bytes().toString('latin1'));
    else if (field === 4) privileges = readPrivileges(reader);
    else throw new Damage('has an unknown field');
  }
  return { name, admin, hash, privileges };
}

function readPrivileges(reader: GobReader): Map<string, number[]> {
  const privileges = new Map<string, number[]>();
  for (let left = reader.count(); left > 0; left--) {
    const resource = reader.string();
    if (privileges.has(resource)) throw new Damage('has a resource twice');
    privileges.set(
      resource,
      Array.from({ length: reader.count() }, () => reader.int()),
    );
  }
  return privileges;
}

/** Go leaves out a zero value, so it never writes false. */
function readTrue(reader: GobReader): true {
  if (reader.uint() !== 1) throw new Damage('has an admin flag that is neither true nor left out');
  return true;
}

function notZero(text: string): string {
  if (text === '') throw new Damage('has an empty field, which Go never writes');
  return text;
}
