import { texts } from '../texts';

const NUMBER = new Intl.NumberFormat();

/** `1 user`, `1,200 users` */
export function usersText(count: number): string {
  return count === 1 ? texts.users.one : texts.users.many.replace('{count}', NUMBER.format(count));
}
