import * as v from 'valibot'

/** Of a rule that is for some accounts only. */
export const accountIdsSchema = v.pipe(
  v.array(
    v.pipe(v.string('must be the id of an account'), v.nonEmpty('must not be empty')),
    'must be a list of ids',
  ),
  v.nonEmpty('must name an account; leave it out for all'),
)
