/** Who called, where IAM would have said: nobody signs for the local account, so everybody is this user of it. */
export function localCaller(accountId: string): object {
  return {
    accessKey: 'local',
    accountId,
    callerId: 'AIDALOCAL',
    cognitoIdentity: null,
    principalOrgId: null,
    userArn: `arn:aws:iam::${accountId}:user/local`,
    userId: 'AIDALOCAL',
  };
}
