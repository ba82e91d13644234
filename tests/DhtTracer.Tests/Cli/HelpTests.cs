using System.CommandLine;
using System.Text.RegularExpressions;
using DhtTracer.Cli;

namespace DhtTracer.Tests.Cli;

public class HelpTests
{
    public static TheoryData<string> Commands => ["", .. TracerCommandLine.Create().Subcommands.Select(command => command.Name)];

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Every_default_is_shown_once_and_as_it_would_be_typed(string command)
    {
        var help = await HelpAsync(command);

        // A second default, or the name of a type, is .NET's own text where ours is missing.
        Assert.DoesNotMatch(new Regex(@"\[default:[^\]]*\][^\[\n]*\[default:"), help);
        Assert.DoesNotMatch(new Regex(@"\{|System\.|DhtTracer\.(?!Tests)\w|\d\d:\d\d:\d\d"), help);
        Assert.DoesNotContain("[default: ]", help, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Every_option_and_argument_is_described(string command)
    {
        var root = TracerCommandLine.Create();
        Command described = command.Length == 0 ? root : root.Subcommands.Single(one => one.Name == command);
        Assert.False(string.IsNullOrEmpty(described.Description));
        Assert.All(described.Options, option => Assert.False(string.IsNullOrEmpty(option.Description), option.Name));
        Assert.All(described.Arguments, argument => Assert.False(string.IsNullOrEmpty(argument.Description), argument.Name));
        var help = await HelpAsync(command);
        Assert.All(
            described.Options.Where(option => !option.Hidden),
            option => Assert.Contains(option.Name, help, StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("pull", "--since <DURATION>", "[default: 24h]")]
    [InlineData("pull", "--depth <N>", "[default: 1000]")]
    [InlineData("", "--otlp-http-port <PORT>", "[default: 4318]")]
    [InlineData("", "--site-port <PORT>", "[default: 5080]")]
    [InlineData("", "--data <DIR>", "[default: data]")]
    public async Task A_default_stands_beside_its_option(string command, string option, string expected)
    {
        var help = Regex.Replace(await HelpAsync(command), @"\n\s{10,}", " ");
        Assert.Contains(
            expected,
            help.Split('\n').Single(line => line.TrimStart().StartsWith(option, StringComparison.Ordinal)),
            StringComparison.Ordinal
        );
    }

    private static async Task<string> HelpAsync(string command)
    {
        using var output = new StringWriter();
        var result = TracerCommandLine.Create().Parse(command.Length == 0 ? ["--help"] : [command, "--help"]);
        Assert.Equal(0, await result.InvokeAsync(new InvocationConfiguration { Output = output }, TestContext.Current.CancellationToken));
        return output.ToString().ReplaceLineEndings("\n");
    }
}
