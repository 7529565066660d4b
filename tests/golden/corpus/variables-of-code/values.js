module.exports = { deep: { key: 'of a program', other: 'another' } };
