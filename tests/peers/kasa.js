// One simulated Kasa device: `node kasa.js MODEL` prints its port, then answers each line of JSON as the device would.
const { Device } = require("tplink-smarthome-simulator");
const crypto = require("tplink-smarthome-crypto");

const start = () => {
  const data = { alias: "Treadmill", mac: "50:c7:bf:01:02:03" };
  const device = new Device({ port: 0, address: "127.0.0.1", model: process.argv[2], data });
  const said = (line) => crypto.decryptWithHeader(device.processTcpMessage(line).response).toString();
  device.start().then(() => {
    console.log(device.port);
    require("readline").createInterface({ input: process.stdin }).on("line", (line) => console.log(said(line)))
      .on("close", () => process.exit(0));
  }, start); // it takes a UDP port and hopes that the TCP port of that number is free too
};
start();
