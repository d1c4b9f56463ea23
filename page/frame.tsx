import type { ComponentChildren, JSX } from 'preact';
import { usePage } from './context';
import { fill } from './parts/fill';
import { Link } from './parts/link';
import { Name } from './parts/name';
import { useAction } from './parts/use-action';
import { forgetDrafts } from './parts/use-draft';
import { usePlace, type View } from './route';
import { texts } from './texts';
import { viewOf, viewsFor } from './views';

/** The user as whom every request runs while authentication is off. */
const NOBODY = 'ADMIN_USER';

interface FrameProps {
  readonly realm: string;
  readonly message: ComponentChildren;
  readonly children: ComponentChildren;
}

/** The frame around every view: where the person is, and who the person is. */
export function Frame({ realm, message, children }: FrameProps): JSX.Element {
  const page = usePage();
  const current = viewOf(usePlace(), page);
  return (
    <>
      <a class="skip" href="#content">
        {texts.skip}
      </a>
      <header class="head">
        <div class="head-inner">
          <p class="brand">
            <svg viewBox="0 0 32 32" aria-hidden="true">
              <rect width="32" height="32" rx="8" />
              <circle cx="16" cy="12" r="5" />
              <path d="M6.5 26a9.5 8 0 0 1 19 0z" />
            </svg>
            <Name of={realm || texts.brand} />
          </p>
          <nav aria-label={texts.nav.label}>
            <ul>
              {viewsFor(page).map((view) => (
                <li key={view}>
                  <Link to={{ view }} current={isWithin(current, view) ? 'page' : undefined}>
                    {texts.nav[view]}
                  </Link>
                </li>
              ))}
            </ul>
          </nav>
          <Account />
        </div>
      </header>
      {page.me.name === NOBODY && <p class="banner">{texts.nav.authOff}</p>}
      <main id="content" tabIndex={-1}>
        {children}
      </main>
      <div class="message" role="status">
        {message && <p>{message}</p>}
      </div>
    </>
  );
}

function isWithin(current: View, view: View): boolean {
  return current === view || (current === 'user' && view === 'users');
}

function Account(): JSX.Element | null {
  const { api, me } = usePage();
  const { run } = useAction(async () => {
    await api.signOut();
    forgetDrafts();
    location.assign(api.signedOutPage());
  });
  if (me.name === NOBODY) return null;
  return (
    <div class="account">
      <Link to={{ view: 'account' }} class="account-name">
        <span class="unseen">{fill(texts.nav.signedInAs, { name: '' })}</span>
        <Name of={me.name} />
      </Link>
      <button type="button" class="button quiet" onClick={() => void run()}>
        {texts.nav.signOut}
      </button>
    </div>
  );
}
