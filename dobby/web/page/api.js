// One call of the dashboard's API: its JSON, or an Error in the house's own words.

export async function api(method, path, body) {
  const answer = await fetch(path, {method, body: body === undefined ? undefined : JSON.stringify(body),
    headers: {"Content-Type": "application/json"}});
  if (answer.status === 401) location.assign("/login");
  const json = await answer.json();
  if (!answer.ok) throw new Error(json.error?.text ?? `error ${answer.status}`);
  return json;
}
