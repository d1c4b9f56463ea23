import { describe, expect, it } from 'vitest';
import { isFromBrowser, isFromScript, isNavigation, prefersPage } from '../../lib/request/browser.js';
import { BROWSER, PAGE, POWERSHELL } from '../support/browser-headers.js';

type Headers = Record<string, string>;

describe('a browser', () => {
  it.each<[Headers, boolean]>([
    [BROWSER, true],
    [{ ...BROWSER, 'accept-language': '' }, true],
    [POWERSHELL, false],
    [{ 'accept-language': 'en', 'user-agent': 'curl/8.5.0' }, false],
    [{}, false],
  ])('is recognized by its headers: %j', (headers, expected) => {
    expect(isFromBrowser({ headers })).toBe(expected);
  });
});

describe('a page that a person opens', () => {
  it.each<[Headers, boolean]>([
    [{ 'sec-fetch-mode': 'navigate' }, true],
    [{ 'sec-fetch-mode': 'cors', ...BROWSER, ...PAGE }, false],
    [{ ...BROWSER, ...PAGE }, true],
    [{ ...BROWSER, accept: '*/*' }, false],
    [{ ...BROWSER }, false],
    [{ ...PAGE }, false],
    [{}, false],
  ])('is recognized by its headers: %j', (headers, expected) => {
    expect(isNavigation({ headers })).toBe(expected);
  });
});

describe('a client that shows a page', () => {
  it.each<[Headers, boolean]>([
    [{ 'sec-fetch-mode': 'navigate' }, true],
    [{ 'sec-fetch-mode': 'navigate', accept: 'application/json' }, true],
    [{ 'sec-fetch-mode': 'cors', ...BROWSER, ...PAGE }, false],
    [{ 'sec-fetch-mode': 'no-cors', accept: 'text/html' }, false],
    [{ ...BROWSER, ...PAGE }, true],
    [PAGE, true],
    [{ 'user-agent': 'Lynx/2.9.2', accept: 'text/html, text/plain, text/sgml;q=0.01, */*;q=0.01' }, true],
    [{ accept: 'text/*' }, true],
    [{ accept: 'application/json, text/html;q=0.9' }, false],
    [{ accept: 'text/html;q=0.9, application/json;q=0.9' }, true],
    [{ accept: '*/*' }, false],
    [{ accept: 'text/html;q=0, */*' }, false],
    [{ accept: 'image/avif,image/webp,*/*;q=0.8' }, false],
    [{ accept: 'text/html;q=odd,;;' }, false],
    [{ ...PAGE, 'x-requested-with': 'XMLHttpRequest' }, false],
    [{}, false],
  ])('is recognized by its headers: %j', (headers, expected) => {
    expect(prefersPage({ headers })).toBe(expected);
  });
});

describe('a script of a page', () => {
  it.each<[Headers, boolean]>([
    [{ 'x-requested-with': 'XMLHttpRequest' }, true],
    [{ 'x-requested-with': 'xmlhttprequest', 'sec-fetch-mode': 'navigate' }, true],
    [{ 'x-requested-with': 'com.example.app' }, false],
    [{ 'sec-fetch-mode': 'cors' }, true],
    [{ 'sec-fetch-mode': 'same-origin' }, true],
    [{ 'sec-fetch-mode': 'no-cors', ...BROWSER, accept: '*/*' }, false],
    [{ ...BROWSER, accept: '*/*' }, true],
    [{ ...BROWSER, accept: 'application/json' }, true],
    [{ ...BROWSER, accept: 'text/event-stream' }, true],
    [{ ...BROWSER }, true],
    [{ ...BROWSER, ...PAGE }, false],
    [{ ...BROWSER, accept: 'image/avif,image/webp,*/*;q=0.8' }, false],
    [{ ...BROWSER, accept: 'text/css,*/*;q=0.1' }, false],
    [{ ...POWERSHELL, accept: '*/*' }, false],
    [{ accept: '*/*' }, false],
  ])('is recognized by its headers: %j', (headers, expected) => {
    expect(isFromScript({ headers })).toBe(expected);
  });
});
