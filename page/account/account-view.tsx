import type { JSX } from 'preact';
import type { Api } from '../api/api';
import { usePage } from '../context';
import { Notice } from '../parts/notice';
import { texts } from '../texts';
import { KeysCard } from '../user/keys-card';
import { OwnPasswordCard } from '../user/own-password-card';
import { SessionsCard } from '../user/sessions-card';

/** The account of the person: its privileges, password, keys and sessions. */
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
  const { api, me, isAdmin } = usePage();
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
              <dt>{resource === ROOT ? words.everythingElse : <code dir="ltr">{pathOf(resource, api)}</code>}</dt>
              <dd>{privileges.join(', ')}</dd>
            </div>
          ))}
        </dl>
      )}
    </section>
  );
}

/** The resource above all others. */
const ROOT = '/api';
/** The resources that stand for endpoints of the API. */
const OF_API = ['ping', 'write', 'config', 'users'];

/** The path that a resource stands for. */
function pathOf(resource: string, api: Api): string {
  const path = resource.slice(ROOT.length);
  return OF_API.includes(path.slice(1)) ? api.pathOf(path.slice(1)) : path;
}
