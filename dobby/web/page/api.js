// One call of the dashboard's API: its JSON, or an Error in the house's own words. A Blob goes as it is.

export async function api(method, path, body) {
  const raw = body instanceof Blob;
  let answer;
  try {
    answer = await fetch(path, {
      method,
      body: body === undefined || raw ? body : JSON.stringify(body),
      headers: {"Content-Type": raw ? body.type || "application/octet-stream" : "application/json"},
    });
  } catch {
    throw new Error("I cannot be reached right now.");
  }
  if (answer.status === 401) location.assign("/login");
  const json = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(json.error?.text ?? `error ${answer.status}`);
  return json;
}
