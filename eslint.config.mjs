import js from '@eslint/js';
import globals from 'globals';

export default [
  {
    ignores: [
      '**/target/',
      // Generated.
      'lib/binding.js',
      'npm/',
      'dist/',
      'bench/results/',
      'fuzz/'
    ]
  },
  js.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-implicit-globals': 'error',
      // Prettier sees to it.
      'no-unexpected-multiline': 'off',
      'no-unused-vars': [
        'error',
        { args: 'after-used', ignoreRestSiblings: true }
      ],
      'no-useless-rename': 'error',
      'no-var': 'error',
      'object-shorthand': 'error',
      'prefer-const': [
        'error',
        { destructuring: 'all', ignoreReadBeforeAssign: true }
      ],
      'prefer-rest-params': 'error',
      // Errors that imitate those of ws have no cause.
      'preserve-caught-error': 'off'
    }
  },
  {
    files: ['**/*.js'],
    ignores: ['examples/*/public/'],
    languageOptions: { sourceType: 'commonjs', globals: globals.node },
    rules: { strict: ['error', 'global'] }
  },
  {
    files: ['**/*.mjs'],
    languageOptions: { sourceType: 'module', globals: globals.nodeBuiltin }
  },
  {
    // Functions that run in a page.
    files: ['__test__/browser/**/*.js'],
    languageOptions: { globals: { ...globals.node, ...globals.browser } }
  },
  {
    files: ['examples/*/public/**/*.js'],
    languageOptions: { sourceType: 'module', globals: globals.browser }
  }
];
