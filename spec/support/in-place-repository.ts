import { MemoryUserRepository, type ReplaceOutcome, type StoredUser } from 'kapacitor-auth';

/** Keeps one object for each user and changes it in place, as the identity map of an ORM does. */
export class InPlaceRepository extends MemoryUserRepository {
  override insert(user: StoredUser): boolean {
    return super.insert({ ...user });
  }

  override replace(user: StoredUser, expectedRevision: string): ReplaceOutcome {
    const row = this.find(user.name);
    const outcome = super.replace(user, expectedRevision);
    if (outcome === 'replaced' && row !== undefined) {
      for (const field of Object.keys(row)) if (!(field in user)) Reflect.deleteProperty(row, field);
      super.replace(Object.assign(row, user), user.revision);
    }
    return outcome;
  }

  override async *snapshot(): AsyncGenerator<StoredUser, void, void> {
    const copies: StoredUser[] = [];
    for await (const user of super.snapshot()) copies.push({ ...user });
    yield* copies;
  }
}
