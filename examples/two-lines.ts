import express from 'express';
import { kapacitorAuth } from 'kapacitor-auth';

const app = express();
app.use(kapacitorAuth('kapacitor.conf'));
app.get('/kapacitor/v1/tasks', (req, res) => res.json({ tasks: [], for: req.user.name }));
app.listen(process.env['PORT'] ?? 9092);
