// The door. The printed address carries the token behind a #, which never reaches a server by itself: hand it over once.

const given = new URLSearchParams(location.hash.slice(1)),
  token = given.get("token"),
  who = given.get("who");
const $ = (id) => document.getElementById(id);
const wrong = (text) => {
  $("wrong").textContent = text;
  $("wrong").hidden = false;
};

function second() {
  // the code is on its way
  $("same").value = who;
  $("ask").hidden = true;
  $("enter").hidden = false;
  $("code").focus();
}

if (location.search === "?slow") wrong("Too many tries. Wait a minute, then try again.");
else if (location.search === "?wrong" && who) {
  wrong("That code does not fit, or it is too old.");
  second();
} else if (location.search === "?wrong") {
  wrong("That token does not fit. The current one is in run.json of the workspace.");
  $("bytoken").open = true;
} else if (location.search === "?sent" && who) second();
else if (token) {
  $("token").value = token;
  history.replaceState(null, "", location.pathname);
  $("login").submit();
}
