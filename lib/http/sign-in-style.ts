/** The style of the sign-in page: one column, readable at 320 pixels and with text of twice the size. */
export const SIGN_IN_STYLE = `
:root {
  color-scheme: light dark;
  --page: #f3f4f6;
  --card: #ffffff;
  --text: #1c2129;
  --quiet: #4b5563;
  --line: #8a93a1;
  --accent: #1f5fbf;
  --on-accent: #ffffff;
  --wrong: #9f1d1d;
  --wrong-card: #fdf0ef;
  --right: #14603a;
  --right-card: #edf8f1;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171c;
    --card: #1d2127;
    --text: #eceef1;
    --quiet: #b3bac5;
    --line: #77808e;
    --accent: #7eb0f5;
    --on-accent: #10161f;
    --wrong: #ffb4ab;
    --wrong-card: #3a1d1c;
    --right: #9edcb8;
    --right-card: #173024;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0;
  min-height: 100vh;
  min-height: 100svh;
  display: grid;
  align-content: center;
  padding: 1rem;
  background: var(--page);
  color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif;
}
main {
  width: 100%;
  max-width: 24rem;
  margin: 0 auto;
  padding: 1.75rem;
  background: var(--card);
  border-radius: 0.75rem;
  box-shadow: 0 1px 2px rgb(0 0 0 / 0.08), 0 8px 28px rgb(0 0 0 / 0.08);
}
h1 {
  margin: 0 0 1.25rem;
  font-size: 1.375rem;
  font-weight: 600;
  line-height: 1.25;
  overflow-wrap: anywhere;
}
p {
  margin: 0 0 1.25rem;
  padding: 0.625rem 0.875rem;
  border-inline-start: 0.25rem solid currentcolor;
  border-radius: 0.25rem;
  overflow-wrap: anywhere;
}
p[role="alert"] { background: var(--wrong-card); color: var(--wrong); }
p[role="status"] { background: var(--right-card); color: var(--right); }
p:last-child { margin-bottom: 0; }
form { margin: 0; }
label { display: block; margin-bottom: 0.375rem; color: var(--quiet); font-size: 0.9375rem; }
input {
  display: block;
  width: 100%;
  margin: 0 0 1rem;
  padding: 0.5625rem 0.75rem;
  border: 1px solid var(--line);
  border-radius: 0.5rem;
  background: var(--card);
  color: inherit;
  font: inherit;
}
button {
  display: block;
  width: 100%;
  margin-top: 1.5rem;
  padding: 0.625rem 0.75rem;
  border: 1px solid transparent;
  border-radius: 0.5rem;
  background: var(--accent);
  color: var(--on-accent);
  font: inherit;
  font-weight: 600;
  cursor: pointer;
}
button:hover { filter: brightness(1.08); }
:focus-visible { outline: 0.1875rem solid var(--accent); outline-offset: 0.125rem; }
`;
