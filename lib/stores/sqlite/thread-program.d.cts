/** The path of the program that a {@link WriterThread} runs; undefined where it is not installed. */
declare function threadProgram(): string | undefined;

export = threadProgram;
