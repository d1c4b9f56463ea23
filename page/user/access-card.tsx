import type { JSX } from 'preact';
import { AccessForm } from '../access/access-form';
import { goTo } from '../route';
import { texts } from '../texts';

/** Leads to the answer whether a user may make a request. */
export function AccessCard({ name }: { readonly name: string }): JSX.Element {
  return (
    <section class="card">
      <div class="card-head">
        <div>
          <h2>{texts.access.card}</h2>
          <p>{texts.access.lead}</p>
        </div>
      </div>
      <AccessForm asked={{ name }} hasName={false} onAsk={(asked) => goTo({ view: 'access', ...asked })} />
    </section>
  );
}
