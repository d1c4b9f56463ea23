import type { JSX } from 'preact';
import { useCallback, useEffect, useMemo, useState } from 'preact/hooks';
import type { Api } from './api/api';
import { ApiError, type Client } from './api/client';
import type { Me } from './api/types';
import { Context, type PageContext } from './context';
import { sentenceFor } from './failures';
import { Frame } from './frame';
import { Button } from './parts/button';
import { useMessage } from './parts/message';
import { keepDraftsOf } from './parts/use-draft';
import { SignInAgain } from './session/sign-in-again';
import { texts } from './texts';
import { ViewOf } from './views';

interface AppProps {
  readonly api: Api;
  readonly client: Client;
  readonly realm: string;
}

export function App({ api, client, realm }: AppProps): JSX.Element {
  const [me, setMe] = useState<Me>();
  const [error, setError] = useState<unknown>();
  const [whenSignedIn, setWhenSignedIn] = useState<(isSignedIn: boolean) => void>();
  const { message, tell } = useMessage();

  const refreshMe = useCallback(async () => {
    try {
      const loaded = await api.me();
      keepDraftsOf(loaded.name);
      setMe(loaded);
      setError(undefined);
    } catch (thrown) {
      if (thrown instanceof ApiError && thrown.status === 401) location.replace(api.signInPage());
      else setError(thrown);
    }
  }, [api]);
  useEffect(() => {
    void refreshMe();
  }, [refreshMe]);
  useEffect(() => {
    let asking: Promise<boolean> | undefined;
    // Requests that fail at the same time ask once.
    client.signInAgain = () => {
      asking ??= new Promise<boolean>((resolve) => setWhenSignedIn(() => resolve)).finally(() => {
        asking = undefined;
        setWhenSignedIn(undefined);
      });
      return asking;
    };
  }, [client]);

  const page = useMemo<PageContext | undefined>(() => {
    if (me === undefined) return undefined;
    const isAdmin = me.type === 'admin';
    const mayReadUsers = isAdmin || me.privileges['/api/users']?.includes('read') === true;
    return { api, me, isAdmin, mayReadUsers, tell, refreshMe };
  }, [api, me, tell, refreshMe]);
  if (page === undefined) return <Start error={error} onRetry={() => void refreshMe()} />;
  return (
    <Context.Provider value={page}>
      <Frame realm={realm} message={message}>
        <ViewOf />
      </Frame>
      {whenSignedIn && <SignInAgain onDone={whenSignedIn} />}
    </Context.Provider>
  );
}

function Start({ error, onRetry }: { readonly error: unknown; readonly onRetry: () => void }): JSX.Element {
  if (error === undefined) return <p class="start unseen">{texts.loading}</p>;
  return (
    <main class="start">
      <h1>{texts.loadFailed}</h1>
      <p role="alert">{sentenceFor(error)}</p>
      <Button kind="accent" onClick={onRetry}>
        {texts.tryAgain}
      </Button>
    </main>
  );
}
