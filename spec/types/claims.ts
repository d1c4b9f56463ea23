/** Whether two types are the same, `any`, `readonly` and `?` included: they are if no conditional type tells them apart. */
export type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only when the claim is true. */
export declare function claim<_Claim extends true>(): void;
