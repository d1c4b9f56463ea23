import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { PAGE, servePage } from './served-page.js';
import { namesIn, visit } from './visitor.js';

/** Milliseconds until something is painted, and bytes of the body, compressed, of the page and what it loads from the server. */
function measure(page: Page): Promise<{ painted: number; bytes: number; loaded: number }> {
  return page.evaluate(`
    new Promise((resolve) => {
      new PerformanceObserver((list) => {
        for (const { name, startTime } of list.getEntries()) if (name === 'first-contentful-paint') resolve(startTime);
      }).observe({ type: 'paint', buffered: true });
    }).then((painted) => {
      const files = performance.getEntriesByType('resource').filter(({ name }) => name.includes('asset='));
      const all = [...performance.getEntriesByType('navigation'), ...files];
      return { painted, bytes: all.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0), loaded: all.length };
    })
  `);
}

it('is painted within 300 ms, from less than 40 kB in four files', async () => {
  const served = await servePage();
  const painted: number[] = [];
  const page = await visit(served, { as: 'root' });
  for (let turn = 0; turn < 5; turn++) {
    await page.goto('about:blank');
    await page.goto(served.pageUrl);
    await expect.poll(() => namesIn(page)).toHaveLength(3);
    const { painted: each, bytes, loaded } = await measure(page);
    painted.push(each);
    expect(bytes).toBeLessThan(40_000);
    expect(loaded).toBeLessThanOrEqual(4);
  }
  expect(Math.min(...painted)).toBeLessThan(300);
});

it('has a policy that allows nothing but its own files', async () => {
  const served = await servePage();
  const answer = await visit(served, { as: 'root' }).then((page) => page.request.get(`${served.url}${PAGE}`));
  expect(answer.headers()['content-security-policy']).toBe(
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  );
});
