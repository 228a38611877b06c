// The file for this system and processor.
module.exports = require(`./rgo-sample.${process.platform}-${process.arch}.node`);
