using System.CommandLine;
using DhtTracer.Cli;
using DhtTracer.Kademlia.LocalNet;
using DhtTracer.Node;

namespace DhtTracer.Tests.Node;

public sealed class NodeCommandsTests
{
    private static readonly SpanExportOptions NoExport = new() { Enabled = false };

    [Fact]
    public async Task A_query_prints_a_row_for_each_peer_and_its_result()
    {
        await using var network = await LocalNetwork.StartAsync(new LocalNetworkOptions { Count = 8, Seed = 21 });
        using var output = new StringWriter();
        var wanted = network.Nodes[7].Peer;
        var code = await QueryCommand.RunAsync(
            new QueryCommandOptions
            {
                Command = $"find-peer {wanted.Id}".Split(' '),
                Node = new NodeOptions { Bootstrap = network.BootstrapPeers, Export = NoExport },
            },
            output,
            TextWriter.Null,
            TestContext.Current.CancellationToken
        );
        Assert.Equal(0, code);
        var text = output.ToString();
        Assert.Matches(@"(?m)^ +1 12D3KooW.*  xor +\d+  hop 0  .*FIND_NODE [\d.]+m?s", text);
        Assert.Contains("lookup stopped", text, StringComparison.Ordinal);
        Assert.Contains($"{wanted.Id} {wanted.Addresses[0]}", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_query_without_a_live_bootstrap_peer_fails_with_a_remedy()
    {
        var dead = "/ip4/127.0.0.1/tcp/1/p2p/12D3KooWFkKgCFQufmSenmLh3r4xJa21r2eDPSAGAzGqVf1YZtCT";
        var failure = await Assert.ThrowsAsync<DhtTracer.Output.CommandFailedException>(() =>
            QueryCommand.RunAsync(
                new QueryCommandOptions
                {
                    Command = "get-value /v/a".Split(' '),
                    Node = new NodeOptions { Bootstrap = [dead], Export = NoExport },
                },
                TextWriter.Null,
                TextWriter.Null,
                TestContext.Current.CancellationToken
            )
        );
        Assert.Contains("--bootstrap", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(150)]
    public async Task A_query_that_is_interrupted_ends_as_interrupted_whenever_that_is(int milliseconds)
    {
        await using var network = await LocalNetwork.StartAsync(
            new LocalNetworkOptions
            {
                Count = 6,
                Seed = 22,
                Faults = [new FaultShare(NodeFault.BlackHole, 0.5)],
            }
        );
        using var output = new StringWriter();
        using var interrupt = new CancellationTokenSource(TimeSpan.FromMilliseconds(milliseconds));
        var ended = Record.ExceptionAsync(async () =>
            Assert.Equal(
                DhtTracer.Output.ExitCode.Interrupted,
                await QueryCommand.RunAsync(
                    new QueryCommandOptions
                    {
                        Command = "get-value /v/a".Split(' '),
                        Node = new NodeOptions { Bootstrap = network.BootstrapPeers, Export = NoExport },
                    },
                    output,
                    TextWriter.Null,
                    interrupt.Token
                )
            )
        );
        Assert.True(await ended is null or OperationCanceledException, output.ToString());
        Assert.DoesNotContain("bootstrap", output.ToString(), StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("find-peer nobody", "'nobody' is no peer id")]
    [InlineData("get-providers 12D3", "'12D3' is no CID")]
    [InlineData("get-value /name", "/ipns/12D3KooW…")]
    [InlineData("ping /ip4/127.0.0.1/tcp/1", "/p2p/")]
    [InlineData("exit", "control server")]
    public async Task A_key_that_is_none_is_refused_before_a_node_is_started_for_it(string command, string says)
    {
        var failure = await Assert.ThrowsAsync<DhtTracer.Output.CommandFailedException>(() =>
            QueryCommand.RunAsync(
                new QueryCommandOptions
                {
                    Command = command.Split(' '),
                    Node = new NodeOptions { Bootstrap = ["no address"], Export = NoExport },
                },
                TextWriter.Null,
                TextWriter.Null,
                TestContext.Current.CancellationToken
            )
        );
        Assert.Equal(DhtTracer.Output.ExitCode.Usage, failure.ExitCode);
        Assert.Contains(says, failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("foo", "'foo' is no address to listen on")]
    [InlineData("/ip4/127.0.0.1/udp/5", "not plain TCP")]
    public async Task An_address_that_cannot_be_listened_on_is_a_usage_error_in_the_users_words(string address, string says)
    {
        var failure = await Assert.ThrowsAsync<DhtTracer.Output.CommandFailedException>(() =>
            NodeCommand.RunAsync(
                new NodeOptions
                {
                    Listen = [address],
                    Bootstrap = [],
                    ControlPort = null,
                    Export = NoExport,
                },
                TextWriter.Null,
                TextWriter.Null,
                TestContext.Current.CancellationToken
            )
        );
        Assert.Equal(DhtTracer.Output.ExitCode.Usage, failure.ExitCode);
        Assert.Contains(says, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("Parameter", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("node")]
    [InlineData("query")]
    [InlineData("localnet")]
    [InlineData("demo")]
    public async Task Help_states_each_default_once_and_as_it_is_typed(string command)
    {
        using var output = new StringWriter();
        Assert.Equal(
            0,
            await TracerCommandLine
                .Create()
                .Parse([command, "--help"])
                .InvokeAsync(new InvocationConfiguration { Output = output }, TestContext.Current.CancellationToken)
        );
        Assert.All(
            output.ToString().Split('\n'),
            line =>
            {
                Assert.True(line.Split("[default:").Length <= 2, line);
                Assert.DoesNotContain("PortValue", line, StringComparison.Ordinal);
                Assert.DoesNotContain("00:", line, StringComparison.Ordinal);
            }
        );
    }

    [Fact]
    public async Task The_demo_runs_every_kind_of_query_with_every_outcome_and_ends()
    {
        using var output = new StringWriter();
        await Demo.RunAsync(
            new DemoOptions
            {
                Nodes = 30,
                Interval = TimeSpan.FromMilliseconds(10),
                QueryLimit = 3,
                Export = NoExport,
            },
            new RunningNode(),
            output,
            TextWriter.Null,
            TestContext.Current.CancellationToken
        );
        var text = output.ToString();
        Assert.All(
            Enum.GetValues<QueryType>().Where(type => type != QueryType.Unknown),
            type => Assert.Contains($"{Words.Of(type)} success", text, StringComparison.Ordinal)
        );
        Assert.All(
            new[] { "not-found", "timed-out", "cancelled", "failed" },
            outcome => Assert.Contains($" {outcome} in ", text, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_node_runs_until_it_is_told_to_exit()
    {
        var output = new StringWriter();
        using var stop = new CancellationTokenSource(TimeSpan.FromMinutes(2));
#pragma warning disable CA2025 // The task is awaited at the end of the test, before anything is disposed.
        var running = NodeCommand.RunAsync(
            new NodeOptions
            {
                Listen = ["/ip4/127.0.0.1/tcp/0"],
                Bootstrap = [],
                ControlPort = 0,
                Export = NoExport,
            },
            output,
            TextWriter.Null,
            stop.Token
        );
#pragma warning restore CA2025
        while (!output.ToString().Contains("bootstrap", StringComparison.Ordinal))
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        var address = output.ToString().Split('\n').Single(line => line.StartsWith("control server", StringComparison.Ordinal)).Split(' ')[
            ^1
        ];
        using var http = new HttpClient();
        await http.GetStringAsync(new Uri(new Uri(address.Trim()), "/cmd?q=exit"), TestContext.Current.CancellationToken);
        Assert.Equal(0, await running.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("dead=0.1, black-hole=0.05", 2)]
    [InlineData("", 0)]
    public void Faults_are_read_with_their_shares(string text, int count) =>
        Assert.Equal(count, LocalNetCommandOptions.ParseFaults(text).Count);

    [Theory]
    [InlineData("lazy=0.1")]
    [InlineData("dead")]
    [InlineData("dead=much")]
    public void What_is_no_fault_is_refused_with_the_list(string text) =>
        Assert.Contains(
            "black-hole",
            Assert.Throws<FormatException>(() => LocalNetCommandOptions.ParseFaults(text)).Message,
            StringComparison.Ordinal
        );
}
