// The printed address carries the token behind a #, which never reaches a server by itself: hand it over once.
const token = new URLSearchParams(location.hash.slice(1)).get("token");
const form = document.getElementById("login");
if (location.search === "?wrong") document.getElementById("wrong").hidden = false;
else if (token) {
  document.getElementById("token").value = token;
  history.replaceState(null, "", location.pathname);
  form.submit();
}
