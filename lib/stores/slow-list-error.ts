import { StoreError } from '../errors.js';

/** A list is not complete after all the time that it may have. It says nothing of the store, which answers others. */
export class SlowListError extends StoreError {
  constructor() {
    super('the list takes too long: ask for fewer users, and page with after instead of offset');
  }
}
