const UnitTests = require('@oracle/suitecloud-unit-testing/services/SuiteCloudJestUnitTestRunner');

const afterUnitTests = {
  beforeExecuting: async (given) => {
    await UnitTests.run({});
    return given;
  },
};

module.exports = {
  defaultProjectFolder: 'src',
  commands: {
    'project:validate': afterUnitTests,
    'project:deploy': afterUnitTests,
  },
};
