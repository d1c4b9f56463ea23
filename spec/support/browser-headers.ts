/** How a browser describes itself over plain HTTP, where it sends no `Sec-Fetch-…`. */
export const BROWSER: Record<string, string> = {
  'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36',
  'accept-language': 'en-US,en;q=0.9',
};

/** PowerShell's Invoke-RestMethod, which is no browser. */
export const POWERSHELL: Record<string, string> = {
  'user-agent': 'Mozilla/5.0 (Windows NT; Windows NT 10.0; de-DE) WindowsPowerShell/5.1.19041.4522',
};

export const PAGE: Record<string, string> = { accept: 'text/html,application/xhtml+xml,image/avif,*/*;q=0.8' };
