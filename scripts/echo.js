// The caller's own voice, until a key or the hangup: what does the line do to it?
export const routes = ['9196'];

export default async function (call) {
  await call.answer();
  const { ms, heard } = await call.echo();
  console.log(`echoed ${heard} of ${ms} ms`);
}
