const SuiteCloud = require('@oracle/suitecloud-unit-testing/jest-configuration/SuiteCloudJestConfiguration');

module.exports = {
  ...SuiteCloud.build({ projectFolder: 'src', projectType: SuiteCloud.ProjectType.ACP }),
  testMatch: ['**/__tests__/*.test.js'],
  watchman: false,
};
