import type { JSX } from 'preact';
import { usePage } from '../context';
import { Notice } from '../parts/notice';
import { texts } from '../texts';
import { KeysCard } from '../user/keys-card';
import { OwnPasswordCard } from '../user/own-password-card';
import { SessionsCard } from '../user/sessions-card';

/** What every user may do: know what it may do, and keep its password, keys and sessions. */
export function AccountView(): JSX.Element {
  const { me } = usePage();
  const { own: words } = texts;
  const isDue = me.mustChangePassword === true;
  return (
    <>
      <header class="view-head">
        <h1 tabIndex={-1}>{words.title}</h1>
      </header>
      {isDue && <Notice kind="info">{words.mustChange}</Notice>}
      <Privileges />
      <OwnPasswordCard />
      {!isDue && <KeysCard name={me.name} />}
      {!isDue && <SessionsCard name={me.name} />}
    </>
  );
}

function Privileges(): JSX.Element {
  const { me, isAdmin } = usePage();
  const { own: words } = texts;
  const opened = Object.entries(me.privileges).filter(([, privileges]) => privileges.length > 0);
  return (
    <section class="card">
      <div class="card-head">
        <div>
          <h2>{words.privileges}</h2>
          <p>{isAdmin ? words.admin : words.hint}</p>
        </div>
      </div>
      {!isAdmin && opened.length === 0 && <p class="quiet">{words.nothing}</p>}
      {!isAdmin && opened.length > 0 && (
        <dl class="facts">
          {opened.map(([resource, privileges]) => (
            <div key={resource}>
              <dt>
                <bdi>
                  <code>{resource}</code>
                </bdi>
              </dt>
              <dd>{privileges.join(', ')}</dd>
            </div>
          ))}
        </dl>
      )}
    </section>
  );
}
