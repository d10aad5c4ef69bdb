module.exports = {
  testEnvironment: 'jsdom',
  testMatch: ['<rootDir>/src/__tests__/*.spec.ts', '<rootDir>/src/__tests__/*.spec.tsx'],
  transform: {
    '\\.tsx?$': [
      'ts-jest',
      {
        tsconfig: {
          module: 'commonjs',
          jsx: 'react',
          esModuleInterop: true,
          strict: true,
          isolatedModules: true
        }
      }
    ]
  }
};
