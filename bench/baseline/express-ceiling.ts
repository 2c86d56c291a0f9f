/** The ceiling of the web framework: parses JSON and answers 202. No check, no database. */
import express from 'express';
import { listen } from './listen.ts';

const app = express();
app.disable('x-powered-by').disable('etag');
app.post('/v1/transfers', express.json({ limit: '1mb' }), (_request, response) => {
  response.status(202).json({ status: 'accepted' });
});

listen(app);
