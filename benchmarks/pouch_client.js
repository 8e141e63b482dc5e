// A station that replicates by PouchDB: `node pouch_client.js MODULES FOLDER URL MARKS default|tuned`.
// Prints the seconds that the push of its marks and the pull of the status changes took.
const [modules, folder, url, marks, mode] = process.argv.slice(2);
const PouchBase = require(`${modules}/node_modules/pouchdb`);
const fs = require('fs');
fs.mkdirSync(folder, { recursive: true });
const PouchDB = PouchBase.defaults({ prefix: `${folder}/` });
const agent = new (require('http').Agent)({ keepAlive: true, maxSockets: 6 });
const kept = (address, options = {}) => PouchBase.fetch(address, { ...options, agent });
const remote = (name) => (mode === 'tuned' ? new PouchBase(`${url}/${name}`, { fetch: kept }) : `${url}/${name}`);
const options = { batch_size: mode === 'tuned' ? 1000 : 100, batches_limit: 10 };
(async () => {
  const local = new PouchDB('marks');
  await local.bulkDocs(JSON.parse(fs.readFileSync(marks)));
  const began = Date.now();
  const up = await local.replicate.to(remote('up'), options);
  const between = Date.now();
  const down = await new PouchDB('statuses').replicate.from(remote('down'), options);
  const seconds = [(between - began) / 1000, (Date.now() - between) / 1000];
  console.log(JSON.stringify({ up: up.docs_written, down: down.docs_written, seconds }));
  process.exit(0);
})();
