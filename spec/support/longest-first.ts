import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The specs that take a minute, although their files are short. */
const LONGEST = /\/(?:docs\/pages|package\/package)\.spec\.ts$/;

/**
 * Starts the longest specs of a project before its others: none of them runs alone at the end, while cores are idle. A
 * fresh clone has no times of earlier runs, and so vitest starts with the largest files.
 */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) => LONGEST.test(moduleId);
    return [...new Set(sorted.map(({ project }) => project))].flatMap((project) => {
      const own = sorted.filter((file) => file.project === project);
      return [...own.filter(isLong), ...own.filter((file) => !isLong(file))];
    });
  }
}
