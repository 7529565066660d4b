module.exports = async ({ resolveVariable }) => ({ value: `made in ${await resolveVariable('sls:stage')}` });
