export function NewUserDialog(_: any) { return null; }
