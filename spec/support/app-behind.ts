import express, { type Express, type RequestHandler } from 'express';

/** Answers with req.user. */
export const showUser: RequestHandler = (req, res) => {
  res.json(req.user ?? null);
};

/** An app that shows its user, behind these handlers. */
export function appBehind(...handlers: RequestHandler[]): Express {
  const app = express();
  app.use(...handlers);
  app.use(showUser);
  return app;
}
