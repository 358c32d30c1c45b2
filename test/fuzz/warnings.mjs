/** Express reads targets with `url.parse`, before any middleware; Node warns of some that are broken. */
export const OF_EXPRESS = 'DEP0170'
