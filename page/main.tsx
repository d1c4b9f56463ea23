import { render } from 'preact';
import { Api } from './api/api';
import { Client } from './api/client';
import { App } from './app';

const root = document.getElementById('page') as HTMLElement;
const { api = '..', realm = '' } = root.dataset;
const here = new URL(`${location.pathname.replace(/\/*$/, '')}/`, location.origin);
const client = new Client(new URL(`${api}/`, here));
render(<App api={new Api(client)} client={client} realm={realm} />, root);
