using System.CommandLine;
using DhtTracer.Ingestion.Kubo;
using DhtTracer.Kubo;
using DhtTracer.Node;
using DhtTracer.Output;

namespace DhtTracer.Cli;

/// <summary><c>dht-tracer kubo watch</c>.</summary>
internal static class KuboCommands
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var address = new Argument<string>("URL")
        {
            Description =
                $"URL or multiaddr of the Kubo's RPC API; without one, or '{KuboAddress.Auto}', the address in "
                + $"${KuboAddress.RepositoryVariable}/api.",
            Arity = ArgumentArity.ZeroOrOne,
            DefaultValueFactory = static _ => KuboAddress.Auto,
        };
        var auth = new Option<string?>("--kubo-auth")
        {
            Description =
                $"Authorization of the Kubo's API: bearer:TOKEN or basic:USER:PASSWORD. Also set by {KuboAuthorization.Variable}.",
            HelpName = "SECRET",
        };
        var debug = new Option<bool>("--debug")
        {
            Description = "Log at level debug instead of info: what each region sent, and which keys. About twenty times as much.",
        };
        var blocks = new Option<bool>("--blocks")
        {
            Description =
                "Also what became of requests for blocks: who sent the block, what each provider answered. Sets bitswap/session and "
                + "routing/provqrymgr to level debug, which is much text on a busy gateway.",
        };
        var every = CommonOptions.Duration("--every", "Time between two questions for statistics.", TimeSpan.FromSeconds(10), "10s");
        var endpoint = new Option<Uri?>("--otlp-endpoint")
        {
            Description = "OTLP endpoint of the running dht-tracer; OTEL_EXPORTER_OTLP_ENDPOINT, else http://127.0.0.1:4317 when absent.",
            HelpName = "URL",
            CustomParser = UrlValue.Parse,
        };
        var watch = new Command(
            "watch",
            "Watch a Kubo's provide sweep without a restart: set the log level of dht/provider for the time this runs, stream its log, "
                + "ask for its statistics, and send all of it to the running dht-tracer. Ctrl-C puts the level back."
        )
        {
            address,
            auth,
            debug,
            blocks,
            every,
            endpoint,
        };
        watch.SetAction(
            (result, cancellation) =>
                Failures.GuardAsync(
                    result,
                    async () =>
                    {
                        using var client = Client(result.GetValue(address)!, result.GetValue(auth));
                        return await KuboWatchCommand.RunAsync(
                            client,
                            new KuboWatchOptions
                            {
                                Level = result.GetValue(debug) ? "debug" : "info",
                                Blocks = result.GetValue(blocks),
                                Every = result.GetValue(every),
                            },
                            result.GetValue(endpoint),
                            new NodeOptions().Site,
                            result.InvocationConfiguration.Output,
                            cancellation
                        );
                    }
                )
        );
        return new Command("kubo", "Commands that need a running Kubo.") { watch };
    }

    private static KuboRpcClient Client(string text, string? secret)
    {
        try
        {
            var address = KuboAddress.Parse(text, out var ofAddress);
            secret ??= Environment.GetEnvironmentVariable(KuboAuthorization.Variable);
            return new KuboRpcClient(address, string.IsNullOrEmpty(secret) ? ofAddress : KuboAuthorization.Parse(secret));
        }
        catch (KuboException wrong)
        {
            throw new CommandFailedException(wrong.Message, ExitCode.Usage, wrong);
        }
    }
}
