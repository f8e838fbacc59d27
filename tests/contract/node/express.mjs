// The connect flow behind Express.

import express from 'express';

import { Problem, connect, problemOf } from './connect.mjs';

const app = express();
app.use(express.json());

app.post('/api/avatar/connect', async (req, res) => {
  const gone = new AbortController();
  res.once('close', () => gone.abort());
  res.json(await connect(req.body, gone.signal));
});

app.use((error, req, res, next) => {
  const unreadable = error.status >= 400 && error.status < 500 && error.type;
  const problem = unreadable ? new Problem(error.status, 'expected JSON') : problemOf(error);
  res.status(problem.status).json({ error: problem.message });
});

app.listen(Number(process.env.PORT), '127.0.0.1');
