using System.CommandLine;
using DhtTracer.Ingestion.Kubo;
using DhtTracer.Output;

namespace DhtTracer.Cli;

/// <summary>Options of <c>query</c> and of the main process that select a running Kubo.</summary>
internal sealed class KuboOptionSet
{
    private readonly Option<string?> _kubo;

    private readonly Option<string?> _auth = new("--kubo-auth")
    {
        Description =
            $"Authorization of the Kubo's API: bearer:TOKEN or basic:USER:PASSWORD. Also set by {KuboAuthorization.Variable}, which "
            + "other users of this machine cannot see.",
        HelpName = "SECRET",
    };

    /// <summary>Makes the options.</summary>
    /// <param name="description">What <c>--kubo</c> does in this command.</param>
    public KuboOptionSet(string description) =>
        _kubo = new Option<string?>("--kubo")
        {
            Description =
                $"{description} URL or multiaddr of its RPC API; without one, or '{KuboAddress.Auto}', the address in "
                + $"${KuboAddress.RepositoryVariable}/api.",
            HelpName = "URL",
            Arity = ArgumentArity.ZeroOrOne,
        };

    /// <summary>All of them.</summary>
    public IEnumerable<Option> All => [_kubo, _auth];

    /// <summary>A client for the selected Kubo; null if none was selected.</summary>
    /// <exception cref="CommandFailedException">The address or the authorization is unusable.</exception>
    public KuboRpcClient? Read(ParseResult result)
    {
        if (result.GetResult(_kubo) is not { Implicit: false } given)
        {
            return null;
        }

        try
        {
            var address = KuboAddress.Parse(given.Tokens is [{ Value: var text }] ? text : KuboAddress.Auto, out var ofAddress);
            var secret = result.GetValue(_auth) ?? Environment.GetEnvironmentVariable(KuboAuthorization.Variable);
            return new KuboRpcClient(address, string.IsNullOrEmpty(secret) ? ofAddress : KuboAuthorization.Parse(secret));
        }
        catch (KuboException wrong)
        {
            throw new CommandFailedException(wrong.Message, ExitCode.Usage, wrong);
        }
    }
}
