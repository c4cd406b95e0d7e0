/** The runner gives a job up; the message is what its trace ends with, after `ERROR: `. */
export class JobFailed extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'JobFailed';
  }
}
