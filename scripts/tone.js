// Ten seconds of 440 Hz: does audio come through?
export const routes = ['5000'];

export default async function (call) {
  await call.answer();
  await call.play('tone:440/10000');
}
