const assert = require('node:assert/strict')

/** Sends a request without a key and one with it through what listens, checks both answers, and closes. */
exports.exchange = async function exchange(server, key) {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${server.address().port}/v1/extensions`
  try {
    const refused = await fetch(url)
    assert.equal(refused.status, 401)
    assert.equal(refused.headers.get('content-type'), 'application/problem+json')
    const problem = await refused.json()
    assert.equal(problem.reason, 'credentials-missing')
    assert.equal(problem.type, 'https://provider.example/terms#credentials-missing')

    const admitted = await fetch(url, { headers: { authorization: `Bearer ${key}` } })
    assert.equal(admitted.status, 200)
    assert.equal((await admitted.json()).account, 'acme')
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}
