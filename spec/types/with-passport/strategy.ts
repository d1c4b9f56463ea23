import express from 'express';
import { kapacitorAuth } from 'kapacitor-auth';
import passport from 'passport';
import { claim, type Same } from '../claims.js';

const auth = kapacitorAuth();
passport.use(auth.strategy);
passport.use('kapacitor', auth.strategy);

const app = express();
app.get('/', passport.authenticate('basic', { session: false }), (req, res) => {
  claim<Same<typeof req.user.name, string>>();
  claim<Same<typeof req.user.permissions, readonly string[]>>();
  res.send(req.user.name);
});

// Passport's own additions to a request keep working beside ours.
app.get('/logout', (req, res, next) => {
  if (req.isAuthenticated()) claim<Same<typeof req.user.name, string>>();
  req.logout(next);
  req.login(req.user, next);
  res.end();
});

passport.serializeUser((user, done) => {
  claim<Same<typeof user.name, string>>();
  done(null, user.name);
});
