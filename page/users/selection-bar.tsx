export function SelectionBar(_: any) { return null; }
