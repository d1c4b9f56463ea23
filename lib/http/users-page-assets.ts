import { hash } from 'node:crypto';
import type { OutgoingHttpHeaders } from 'node:http';
import { gzipSync } from 'node:zlib';
import Negotiator from 'negotiator';
import { type HostRequest, type HostResponse, queryOf } from '../request/host.js';
import { sendBytes, sendError } from './answers.js';
import pageAssets from './page-assets.cjs';

const TYPES: Readonly<Record<string, string>> = {
  'page.js': 'text/javascript; charset=utf-8',
  'page.css': 'text/css; charset=utf-8',
  'icon.svg': 'image/svg+xml',
};

interface Asset {
  readonly type: string;
  /** Changes with the content. */
  readonly version: string;
  readonly plain: Buffer;
  readonly compressed: Buffer;
}

/**
 * The script, the style and the icon of the page. They are at the page's own path, with a query: `?asset=page.js&v=…`. So the
 * page finds them wherever it is mounted, with and without a slash at its end, and whatever a proxy has made of its path.
 */
export class UsersPageAssets {
  /** Read with the first request. */
  #assets: ReadonlyMap<string, Asset> | undefined;

  /** The name of the asset that a request asks for. Undefined: it asks for the page. */
  nameIn(req: HostRequest): string | undefined {
    const query = queryOf(req.url ?? '');
    return query.includes('asset=') ? (new URLSearchParams(query).get('asset') ?? undefined) : undefined;
  }

  /** The address of an asset, relative to the page. */
  hrefOf(name: string): string {
    return `?asset=${name}&v=${this.#all().get(name)?.version}`;
  }

  /** Answers a request with GET or HEAD. */
  send(name: string, req: HostRequest, res: HostResponse): void {
    const asset = this.#all().get(name);
    if (asset === undefined) {
      sendError(res, 404, 'the page has no such file');
      return;
    }
    const isCompressed = new Negotiator(req).encoding(['gzip', 'identity']) === 'gzip';
    const isCurrent = new URLSearchParams(queryOf(req.url ?? '')).get('v') === asset.version;
    const headers: OutgoingHttpHeaders = {
      'Content-Type': asset.type,
      'Cache-Control': isCurrent ? 'public, max-age=31536000, immutable' : 'no-store',
      'Content-Encoding': isCompressed ? 'gzip' : undefined,
      Vary: 'Accept-Encoding',
      'Content-Security-Policy': "default-src 'none'",
      'Cross-Origin-Resource-Policy': 'same-origin',
      'X-Content-Type-Options': 'nosniff',
    };
    sendBytes(res, 200, isCompressed ? asset.compressed : asset.plain, headers);
  }

  #all(): ReadonlyMap<string, Asset> {
    this.#assets ??= new Map(Object.entries(pageAssets()).map(([name, text]) => [name, toAsset(name, text)]));
    return this.#assets;
  }
}

function toAsset(name: string, text: string): Asset {
  const plain = Buffer.from(text);
  return {
    type: TYPES[name] as string,
    version: hash('sha256', plain, 'base64url').slice(0, 12),
    plain,
    compressed: gzipSync(plain, { level: 9 }),
  };
}
