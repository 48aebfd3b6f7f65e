import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type Admission, createAdmission } from '../../../../local/aws/http/admission.ts';

let fn: { sandboxes: number; busy: number };
let admission: Admission;

beforeEach(() => {
  jest.useFakeTimers();
  fn = { sandboxes: 0, busy: 0 };
  admission = createAdmission(fn, 3);
});
afterEach(() => void jest.useRealTimers());

/** A request: whether it is in, and how it leaves. What starts has a sandbox of its own from then on. */
function enter() {
  const request = { state: 'waiting', leave: () => {} };
  void admission.enter().then((leave) => {
    request.state = leave ? 'inside' : 'refused';
    request.leave = leave ?? request.leave;
  });
  return request;
}

const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);
const states = (requests: { state: string }[]) => requests.map(({ state }) => state).join(' ');

describe('admission to a function', () => {
  test('starts the first sandbox at once, and waits a little for it before it starts another', async () => {
    const [first, second] = [enter(), enter()];
    await pass(0);
    expect(states([first, second])).toBe('inside waiting');
    fn.sandboxes = 1;
    await pass(10);
    first.leave();
    await pass(0);
    expect(states([second])).toBe('inside');
  });

  test('starts one at a time where none gets free, up to its limit of quick ones', async () => {
    const requests = Array.from({ length: 4 }, enter);
    await pass(90);
    expect(states(requests)).toBe('inside waiting waiting waiting');
    await pass(40);
    expect(states(requests)).toBe('inside inside waiting waiting');
    await pass(400);
    expect(states(requests)).toBe('inside inside inside waiting');
    await pass(700); // the first is not quick, it seems
    expect(states(requests)).toBe('inside inside inside inside');
  });

  test('does not wait for requests that are slow', async () => {
    const slow = enter();
    await pass(1_000);
    fn.sandboxes = 1;
    const quick = enter();
    await pass(0);
    expect(states([slow, quick])).toBe('inside inside');
  });

  test('lets requests in at once where sandboxes are idle, in the order of their coming', async () => {
    fn.sandboxes = 2;
    const requests = Array.from({ length: 3 }, enter);
    await pass(0);
    expect(states(requests)).toBe('inside inside waiting');
    requests[1]?.leave();
    requests[1]?.leave(); // once is enough
    const late = enter();
    await pass(0);
    expect(states([...requests, late])).toBe('inside inside inside waiting');
  });

  test('refuses what has waited a second while fifty are inside', async () => {
    fn.sandboxes = 50;
    const inside = Array.from({ length: 50 }, enter);
    const [patient, refused] = [enter(), enter()];
    await pass(900);
    expect(new Set([...inside.map(({ state }) => state)])).toEqual(new Set(['inside']));
    expect(states([patient, refused])).toBe('waiting waiting');
    inside[0]?.leave();
    await pass(200);
    expect(states([patient, refused])).toBe('inside refused');
  });
});
