// PouchDB's own server over LevelDB, as a peer: `node pouch_server.js MODULES FOLDER HOST PORT STATUSES`.
// Database `up` takes marks; `down` holds the status changes that a station pulls.
const [modules, folder, host, port, statuses] = process.argv.slice(2);
const load = (name) => require(`${modules}/node_modules/${name}`);
const fs = require('fs');
const PouchDB = load('pouchdb').defaults({ prefix: `${folder}/` });
const app = load('express')();
fs.mkdirSync(folder, { recursive: true });
process.chdir(folder);
const options = { inMemoryConfig: true, mode: 'minimumForPouchDB', logPath: `${folder}/log.txt` };
app.use('/', load('express-pouchdb')(PouchDB, options));
(async () => {
  await new PouchDB('down').bulkDocs(JSON.parse(fs.readFileSync(statuses)));
  await new PouchDB('up').info();
  app.listen(+port, host, () => console.log('ready'));
})();
